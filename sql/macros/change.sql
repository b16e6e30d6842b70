{# A metric now minus before; null unless both periods hold enough scored originals to mean something. #}
{% macro change(now, before, count_now, count_before) -%}
    case
        when {{ count_now }} >= {{ var('change_min_count') }} and {{ count_before }} >= {{ var('change_min_count') }}
            then round({{ now }} - {{ before }}, 6)
    end
{%- endmacro %}
