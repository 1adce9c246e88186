"""How the demo's frozen models were trained: on stills of stickworld, of people who are in none of its clips."""
