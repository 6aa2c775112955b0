-- Schemas of the product.
create schema if not exists unroll_internal;
