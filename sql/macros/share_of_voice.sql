{# An entity's part of what is said about the company and its competitors in a period: of the originals, or of another
   count. Products and the market compete with nobody, and in a period in which nothing is said there is nothing to
   share: null. #}
{% macro share_of_voice(period, count='original_count') -%}
    case
        when has_voice
            then {{ count }} / nullif(sum({{ count }}) filter (where has_voice) over (partition by {{ period }}), 0)
    end
{%- endmacro %}
