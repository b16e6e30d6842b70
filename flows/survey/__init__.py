"""Surveys: responses of a questionnaire tool in, weighted shares out; no single respondent's answers are kept."""
