{# An entity's part of the originals about the company and its competitors in a period. Products and the market compete with
   nobody, and in a period without originals there is nothing to share: null. #}
{% macro share_of_voice(period) -%}
    case
        when has_voice
            then original_count / nullif(sum(original_count) filter (where has_voice) over (partition by {{ period }}), 0)
    end
{%- endmacro %}
