"""Changes of the registry's schema, in order; run by ``engine.registry.schema``."""
