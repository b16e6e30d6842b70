select * from {{ source('core', 'survey_waves') }}
