{# One number per row that changes when anything in the row does; tells which rows a build has to write. #}
{% macro row_fingerprint(alias) -%}
    hash({{ alias }})
{%- endmacro %}

{# Before an incremental build: delete the rows whose key has left the source relation. #}
{% macro delete_vanished(source, keys) -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where rowid in (
        select built.rowid
        from {{ this }} as built
        anti join {{ source }} as source using ({{ keys | join(', ') }})
    )
    {%- endif -%}
{%- endmacro %}
