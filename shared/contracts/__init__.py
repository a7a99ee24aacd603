"""Every message that crosses a service's border: one module per owning service.

Only pydantic and the standard library are imported here, so that anyone can read a contract
without the rest of the system.
"""
