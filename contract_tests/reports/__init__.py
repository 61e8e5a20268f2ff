"""Reports: one result of a run in the form that each reader needs. Everything in them is cleaned first."""
