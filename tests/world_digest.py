"""Print digests of two worlds: what ``test_world_determinism.py`` compares between processes and Pythons."""

import json
from hashlib import sha256

from civis_usage.mock_server.world import World
from civis_usage.schemas import times

NOW = times.to_millis(times.parse("2024-03-02T09:30:00.000Z"))
OWN = [{"credits": 0.1}, {"task": "IDR", "organizationId": 77}, {"kind": "llm", "runCreatedAt": "2024-02-01T00:00:00Z"}]


def digests(profile: str) -> dict[str, str]:
    """Return the fingerprint of a world, and digests of what it answers."""
    world = World(seed=11, profile=profile).with_records(OWN, now=NOW)
    bodies = {
        f"{kind} {organization.id}": b"".join(world.pieces(kind, organization.id, now=NOW))
        for kind in ("llm", "matching")
        for organization in world.organizations
    }
    bodies["credits"] = str(world.credits(1, now=NOW)).encode()
    bodies["loaded"] = json.dumps(world.loaded()).encode()
    return {"fingerprint": world.fingerprint, **{name: sha256(body).hexdigest() for name, body in bodies.items()}}


if __name__ == "__main__":
    print(json.dumps({profile: digests(profile) for profile in ("realistic", "edge")}))
