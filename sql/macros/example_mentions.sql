{# Ids of the mentions that show best what a row is about: originals whose words come closest to the aspect, and that
   reveal no special category of personal data. #}
{% macro example_mention_ids() -%}
    coalesce(
        list_transform(
            min(
                {'distance': -evidence_similarity, 'engagement': -coalesce(engagement_count, 0), 'mention_id': mention_id},
                {{ var('example_count') }}
            ) filter (where is_original and not coalesce(has_special_category, false)),
            lambda best: best.mention_id
        ),
        []
    )
{%- endmacro %}
