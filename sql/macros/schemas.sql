{# A model's schema is named like its folder: staging, intermediate, marts. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ node.original_file_path.replace('\\', '/').split('/')[0] }}
{%- endmacro %}
