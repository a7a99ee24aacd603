"""The rules of client cards and cars. Pure: values in, new cards and facts out."""
