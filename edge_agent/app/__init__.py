"""The composition root of the agent: Config → objects → start order → stop order.

Knows every room of the site; known by none.
"""
