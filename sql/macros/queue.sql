{# Why a department has a mention that no rule sent to it. #}
{% macro passed_on_reason(department) -%}
    {%- if var('summary_language') == 'de' -%}
    'Weitergegeben von ' || {{ department }}
    {%- else -%}
    'Passed on by ' || {{ department }}
    {%- endif -%}
{%- endmacro %}

{# Whether somebody still has to do something about an entry. #}
{% macro is_unsettled(status) -%}
    {{ status }} in ('open', 'taken')
{%- endmacro %}
