{# The records a source usually delivers: the median of its earlier runs and so many robust standard deviations to each
   side. The deviation is 1.4826 times the median absolute deviation (Leys et al. 2013), but at least the square root of
   the median, the spread that counts of independent events have anyway. Null while there are too few runs. #}
{% macro expected_range(earlier_counts) -%}
    case
        when len({{ earlier_counts }}) >= {{ var('expected_range_min_runs') }} then {
            'low': cast(greatest(0, floor(
                list_median({{ earlier_counts }})
                - {{ var('expected_range_deviations') }} * {{ _robust_deviation(earlier_counts) }}
            )) as bigint),
            'high': cast(ceil(
                list_median({{ earlier_counts }})
                + {{ var('expected_range_deviations') }} * {{ _robust_deviation(earlier_counts) }}
            ) as bigint)
        }
    end
{%- endmacro %}

{% macro _robust_deviation(counts) -%}
    greatest(
        1.4826 * list_median(list_transform({{ counts }}, lambda one: abs(one - list_median({{ counts }})))),
        sqrt(list_median({{ counts }}))
    )
{%- endmacro %}

{# Nothing came, although something came in every earlier day, and usually not just a single post. #}
{% macro has_fallen_silent(count, earlier_counts) -%}
    (
        {{ count }} = 0
        and len({{ earlier_counts }}) >= {{ var('expected_range_min_runs') }}
        and list_min({{ earlier_counts }}) > 0
        and list_median({{ earlier_counts }}) >= {{ var('silence_min_median') }}
    )
{%- endmacro %}

{# How far a share of empty values may lie from its usual one: robust standard deviations, but at least so much. #}
{% macro null_share_tolerance(earlier_shares) -%}
    greatest(
        {{ var('null_share_min_change') }},
        {{ var('expected_range_deviations') }} * 1.4826 * list_median(
            list_transform({{ earlier_shares }}, lambda one: abs(one - list_median({{ earlier_shares }})))
        )
    )
{%- endmacro %}
