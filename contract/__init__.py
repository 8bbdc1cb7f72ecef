"""What training and serving share: the published model's manifest, its inputs, and how a feature becomes one."""
