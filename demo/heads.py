"""The methods of the demo: the baselines and the default method. Run as a module, it prints their names.

python -m demo.heads
"""

from zsstad_core.methods import registry

HEADS = (*(name for name in registry.names() if registry.method(name).baseline), registry.DEFAULT)

if __name__ == "__main__":
    print(*HEADS)
