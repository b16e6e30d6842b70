{# The night's logical time, a timestamp with time zone. #}
{% macro as_of() -%}
    {%- if var('as_of') -%} timestamptz '{{ var("as_of") }}' {%- else -%} now() {%- endif -%}
{%- endmacro %}

{# The day of a UTC timestamp in the company's time zone; this is where a day begins and ends, daylight saving included. #}
{% macro local_day(timestamp) -%}
    cast(timezone('{{ var("time_zone") }}', {{ timestamp }}) as date)
{%- endmacro %}

{# The time of day of a UTC timestamp in the company's time zone. #}
{% macro local_clock(timestamp) -%}
    cast(timezone('{{ var("time_zone") }}', {{ timestamp }}) as time)
{%- endmacro %}

{# The night's own day: not over yet, so its counts are incomplete. #}
{% macro as_of_day() -%}
    {{ local_day(as_of()) }}
{%- endmacro %}

{# The Monday of a day's ISO week. #}
{% macro week_start(day) -%}
    cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}

{# The name of a day's ISO week, such as 2026-W53; the year is the ISO year. #}
{% macro iso_week(day) -%}
    strftime({{ day }}, '%G-W%V')
{%- endmacro %}

{# Days between two timestamps, with fractions; negative when the second is earlier. #}
{% macro days_between(earlier, later) -%}
    (epoch({{ later }}) - epoch({{ earlier }})) / 86400
{%- endmacro %}
