{# An entity's part of the originals about the company and its competitors on a day. Products and the market compete with
   nobody, and on a day without originals there is nothing to share: null. #}
{% macro share_of_voice() -%}
    case
        when has_voice
            then original_count / nullif(sum(original_count) filter (where has_voice) over (partition by published_date), 0)
    end
{%- endmacro %}
