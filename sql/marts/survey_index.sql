{{ config(materialized='table') }}

-- What companies say in surveys. Flows/survey weighs and estimates; a cell with fewer respondents than the codebook wants
-- comes without figures and is left without them here.

with waves as (

    select
        *,
        wave = max(wave) over (partition by survey_id) as is_latest_wave
    from {{ ref('stg_survey_waves') }}

)

select
    figures.survey_id,
    waves.survey_label_de,
    waves.survey_label_en,
    figures.wave,
    waves.is_latest_wave,
    waves.first_date,
    waves.last_date,
    figures.theme,
    figures.question_id,
    figures.question_position,
    figures.question_label_de,
    figures.question_label_en,
    figures.question_type,
    figures.answer_id,
    figures.answer_position,
    figures.answer_label_de,
    figures.answer_label_en,
    figures.industry,
    figures.industry_label_de,
    figures.industry_label_en,
    figures.size_class,
    figures.size_class_label_de,
    figures.size_class_label_en,
    figures.share is null as is_suppressed,
    figures.respondent_count,
    figures.effective_sample_size,
    figures.share,
    figures.share_low,
    figures.share_high,
    figures.standard_error,
    figures.previous_wave,
    figures.change,
    figures.change_low,
    figures.change_high,
    figures.change_p_value,
    figures.change_q_value,
    coalesce(figures.change_q_value <= 0.05, false) as is_change_certain,
    waves.complete_count,
    waves.incomplete_count,
    waves.quarantined_count,
    waves.design_effect,
    waves.min_cell
from {{ ref('stg_survey_figures') }} as figures
inner join waves using (survey_id, wave)
order by
    figures.survey_id, figures.wave, figures.question_position, figures.answer_position, figures.industry,
    figures.size_class
