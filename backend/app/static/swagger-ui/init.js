"use strict";

// No validator badge and no query parameters as configuration: nothing here may ask another host.
SwaggerUIBundle({
  url: "/schema/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  queryConfigEnabled: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
