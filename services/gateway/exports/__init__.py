"""A report's rows as a table to take away: CSV or XLSX, the same for every report.

A report is answered in pages; a table has all of them, up to a number of rows that people can do
something with. Times are the station's own.
"""
