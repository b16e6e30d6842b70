{{ config(materialized='table') }}

select
    aspect_id,
    aspect_name,
    description
from {{ ref('stg_aspects') }}
order by aspect_id
