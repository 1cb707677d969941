"""What is true in reinforcement learning, and why: statements, derivations and the judge that replays them."""
