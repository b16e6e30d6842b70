select * from {{ source('core', 'survey_figures') }}
