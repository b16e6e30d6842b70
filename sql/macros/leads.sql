{# What a mention's intent means for sales, by the kind of entity it is about; null: no lead. #}
{% macro lead_kind(intent, entity_kind) -%}
    case
        when {{ intent }} = 'purchase_interest' and {{ entity_kind }} in ('company', 'product', 'market')
            then 'purchase'
        when {{ intent }} = 'switching' and {{ entity_kind }} = 'competitor'
            then 'switch_from_competitor'
        when {{ intent }} = 'switching' and {{ entity_kind }} in ('company', 'product')
            then 'churn_risk'
        when {{ intent }} = 'recommendation_request'
            then 'recommendation_request'
    end
{%- endmacro %}

{# 1 now, half after lead_half_life_days, towards 0 with age. #}
{% macro lead_recency(age_days) -%}
    pow(0.5, greatest({{ age_days }}, 0) / {{ var('lead_half_life_days') }})
{%- endmacro %}

{# 0 for nobody, 1 from lead_full_reach on, logarithmic between: from 10 to 100 is as much as from 100 to 1,000. #}
{% macro lead_reach(reach) -%}
    case when {{ reach }} is not null then least(1, ln(1 + greatest({{ reach }}, 0)) / ln(1 + {{ var('lead_full_reach') }})) end
{%- endmacro %}

{# Weighted mean of intent, recency and reach, 0 to 1. A source that does not say how many it reached says nothing about
   the lead either: the weighted mean is then over the other two parts. #}
{% macro lead_score(intent_score, recency, reach, is_direction_clear) -%}
    round(
        (
            {{ var('lead_intent_weight') }} * {{ intent_score }}
            + {{ var('lead_recency_weight') }} * {{ recency }}
            + {{ var('lead_reach_weight') }} * coalesce({{ reach }}, 0)
        )
        / (
            {{ var('lead_intent_weight') }} + {{ var('lead_recency_weight') }}
            + case when {{ reach }} is null then 0 else {{ var('lead_reach_weight') }} end
        )
        * case when {{ is_direction_clear }} then 1 else {{ var('lead_unclear_direction_factor') }} end,
        6
    )
{%- endmacro %}

{# Why a mention is a lead, in one sentence of the company's language, from the columns of `scored` in sales_leads. #}
{% macro lead_reason() -%}
    {%- if var('summary_language') == 'de' -%}
    case lead_kind
        when 'purchase' then 'Kaufinteresse an ' || entity_name
        when 'switch_from_competitor' then 'Wechselabsicht, betrifft den Wettbewerber ' || entity_name
        when 'churn_risk' then 'Wechselabsicht, betrifft ' || entity_name
        when 'recommendation_request' then 'Bittet um eine Empfehlung zu ' || entity_name
    end
    || case when is_direction_clear then '' else ' (auch eigene Angebote genannt: Richtung prüfen)' end
    || ', zu ' || cast(round(100 * intent_score) as integer) || ' % sicher'
    || case when age_days < 1 then ', heute' when age_days < 2 then ', gestern' else ', vor ' || cast(floor(age_days) as integer) || ' Tagen' end
    || case when reach is null then '' else ', Reichweite ' || reach end
    || '.'
    {%- else -%}
    case lead_kind
        when 'purchase' then 'Interest in buying from or about ' || entity_name
        when 'switch_from_competitor' then 'Wants to switch, names the competitor ' || entity_name
        when 'churn_risk' then 'Wants to switch, names ' || entity_name
        when 'recommendation_request' then 'Asks for a recommendation about ' || entity_name
    end
    || case when is_direction_clear then '' else ' (names our offers as well: check the direction)' end
    || ', ' || cast(round(100 * intent_score) as integer) || '% sure'
    || case when age_days < 1 then ', today' when age_days < 2 then ', yesterday' else ', ' || cast(floor(age_days) as integer) || ' days ago' end
    || case when reach is null then '' else ', reach ' || reach end
    || '.'
    {%- endif -%}
{%- endmacro %}
