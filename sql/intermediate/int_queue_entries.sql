-- which department should see a mention, by a rule or because another department passed it on, and what has been decided
-- since: one row per mention and department. Position 0 comes before every rule's.

with routes as (

    select * from {{ ref('int_mention_routes') }}

),

states as (

    select * from {{ ref('stg_queue_states') }}

),

sent as (

    select
        routes.mention_id,
        routes.department,
        routes.position + 1 as position,
        coalesce(states.priority, routes.priority) as priority,
        routes.due_hours,
        states.due_at,
        routes.reason,
        routes.rule_id,
        states.status,
        states.status_at,
        states.passed_on_from
    from routes
    left join states using (mention_id, department)

),

passed_on as (

    select
        states.mention_id,
        states.department,
        0 as position,
        states.priority,
        null as due_hours,
        states.due_at,
        {{ passed_on_reason('states.passed_on_from') }} as reason,
        null as rule_id,
        states.status,
        states.status_at,
        states.passed_on_from
    from states
    inner join {{ ref('int_mention_facts') }} as mentions using (mention_id)
    anti join routes on routes.mention_id = states.mention_id and routes.department = states.department
    where states.passed_on_from is not null and not mentions.is_copy and not mentions.is_spam
        and not coalesce(mentions.has_special_category, false)

)

select * replace (coalesce(status, 'open') as status) from sent
union all by name
select * from passed_on
