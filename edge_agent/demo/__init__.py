"""The whole main job on one machine, watched from outside through the broker, as centers do."""
