{#
    Net sentiment and its 95% interval: the only definition. docs/marts/net-sentiment.md gives formulas and sources.

    Two steps, for rows that have is_scored, sentiment, raw_weight, sentiment_weight and, for the interval's
    pseudo-counts, negative_weight and positive_weight:
      1. sentiment_sums()      in a grouped select: counts and sums
      2. net_sentiment_from_sums()  over that: the columns that marts show
#}
{% macro sentiment_sums() -%}
    count(*) filter (where is_scored) as scored_count,
    count(*) filter (where is_scored and sentiment = 'negative') as negative_count,
    count(*) filter (where is_scored and sentiment = 'neutral') as neutral_count,
    count(*) filter (where is_scored and sentiment = 'positive') as positive_count,
    sum(raw_weight) filter (where is_scored) as raw_weight_sum,
    sum(sentiment_weight) filter (where is_scored) as weight_sum,
    sum(sentiment_weight * sentiment_weight) filter (where is_scored) as weight_square_sum,
    avg(negative_weight) filter (where is_scored) as negative_weight_mean,
    avg(positive_weight) filter (where is_scored) as positive_weight_mean
{%- endmacro %}

{# Columns net_sentiment, net_sentiment_low, net_sentiment_high, net_sentiment_raw; null when nothing was scored. #}
{% macro net_sentiment_from_sums() -%}
    {{ net_sentiment() }} as net_sentiment,
    least({{ net_sentiment() }}, {{ _interval_end('-') }}) as net_sentiment_low,
    greatest({{ net_sentiment() }}, {{ _interval_end('+') }}) as net_sentiment_high,
    {{ _in_range('raw_weight_sum / scored_count') }} as net_sentiment_raw
{%- endmacro %}

{# Corrected for the classifier's known errors: the mean of what each predicted class is worth. #}
{% macro net_sentiment() -%}
    {{ _in_range('weight_sum / scored_count') }}
{%- endmacro %}

{# One more negative and one more positive mention, after Bonett and Price (2012): 1.96 standard errors from the mean. #}
{% macro _interval_end(sign) -%}
    {%- set count = '(scored_count + 2)' -%}
    {%- set mean = '((weight_sum + negative_weight_mean + positive_weight_mean) / ' ~ count ~ ')' -%}
    {%- set square = '((weight_square_sum + negative_weight_mean * negative_weight_mean'
        ~ ' + positive_weight_mean * positive_weight_mean) / ' ~ count ~ ')' -%}
    {{ _in_range(mean ~ ' ' ~ sign ~ ' 1.96 * sqrt(greatest(' ~ square ~ ' - ' ~ mean ~ ' * ' ~ mean ~ ', 0) / ' ~ count ~ ')') }}
{%- endmacro %}

{# Null without scored mentions. Rounded, so that the order in which a computer adds does not show. #}
{% macro _in_range(value) -%}
    case when scored_count > 0 then round(greatest(-1, least(1, {{ value }})), 6) end
{%- endmacro %}

{# What a class says by itself: -1, 0, 1. #}
{% macro raw_weight(sentiment) -%}
    case {{ sentiment }} when 'negative' then -1.0 when 'neutral' then 0.0 when 'positive' then 1.0 end
{%- endmacro %}
