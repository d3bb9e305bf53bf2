"""Fast changes of widgets are answered once."""

import asyncio

from hyperspy_multimodal.interactive.throttle import Latest


def test_only_the_latest_of_fast_changes_is_shown():
    async def fast():
        seen = []
        latest = Latest(lambda: seen.append("update"), delay=0.01)
        for _ in range(20):
            latest.request()
        assert seen == []
        await asyncio.sleep(0.1)
        latest.request()
        await asyncio.sleep(0.1)
        return seen

    assert asyncio.run(fast()) == ["update", "update"]
