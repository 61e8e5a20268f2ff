"""The contract: JSON Schemas of the bodies and the OpenAPI description of the operations."""
