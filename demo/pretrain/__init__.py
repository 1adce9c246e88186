"""How the demo's frozen models were trained: on stills of stickworld whose people are in none of its clips."""
