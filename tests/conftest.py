"""What all tests share: how hypothesis searches."""

from hypothesis import HealthCheck, settings

# A busy machine is no failure, and a found example is told by its steps, not by a database on somebody's disk.
settings.register_profile(
    "modest", deadline=None, max_examples=60, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("modest"), max_examples=2000)
settings.load_profile("modest")
