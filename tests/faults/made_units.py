"""The clips of the small units that tests of faults publish, with a made-up digest each."""

MEMBERS = {"catch/a": "d1", "catch/b": "d2"}
