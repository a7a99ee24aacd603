"""Files of rows on their way into a service: kept as they came, checked in the background, taken
all at once.

``columns``: which column is which field, and what stands in a cell. ``tables``: where an import
lies meanwhile. ``desk``: what messages about it do. ``worker``: checks and applies beside the lane.
"""
