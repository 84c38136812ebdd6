"""Inventory: what stands where and what is promised, every change a move between places that balance."""
