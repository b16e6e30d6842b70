-- the projection of embeddings is made otherwise; the next refresh of the topics fits it anew
drop table if exists core.topic_spaces;
