"""What every stored row keeps, whatever wrote it: asked of the engine that has the rows, by queries."""
