{# Likes, reposts and replies of a mention; null when the source gives none of the three. #}
{% macro engagement_count(likes='like_count', reposts='repost_count', replies='reply_count') -%}
    case
        when coalesce({{ likes }}, {{ reposts }}, {{ replies }}) is not null
            then coalesce({{ likes }}, 0) + coalesce({{ reposts }}, 0) + coalesce({{ replies }}, 0)
    end
{%- endmacro %}
