"""The verbs of tasks, over HTTP, on both engines."""

import httpx

TASKS = "/api/v1/tasks"


async def test_a_task_is_created_read_patched_deleted_and_restored(alice: httpx.AsyncClient) -> None:
    created = await alice.post(TASKS, json={"title": "Water the plants", "tags": ["home"]})
    assert created.status_code == 201, created.text
    task = created.json()
    where = f"{TASKS}/{task['id']}"
    assert created.headers["location"] == where
    print(task, created.headers)
    assert (await alice.get(where)).json() == task
