"""What tuners are given in most tests."""

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02)}
