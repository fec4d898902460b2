"""From plans to runs: keys, the choice of what runs here, devices, kernels, messages."""
