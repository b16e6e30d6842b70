"""English lines of the demo, written for it. `{brand}` is filled in; each list is drawn from at random."""

OPENERS = (
    "",
    "",
    "",
    "Quick update: ",
    "Honestly, ",
    "Three weeks in: ",
    "On the commute today: ",
    "Hm. ",
    "Verdict after 300 miles: ",
    "For everyone who asked: ",
)
CLOSERS = (
    "",
    "",
    "",
    " #ebike",
    " #commuting",
    " #bikelife",
    " 🚲",
    " What's your experience?",
    " #cycling",
    " Have a good one!",
)

LINES: dict[tuple[str, str], tuple[str, ...]] = {
    ("delivery", "negative"): (
        "My {brand} was supposed to arrive two weeks ago, delivery has now been postponed four times.",
        "Still waiting for {brand} to deliver, six weeks and counting, and nobody knows where the bike is.",
        "The {brand} box arrived crushed and the fender is bent.",
        "Courier left my {brand} out in the rain. Unbelievable.",
        "Shipping at {brand} is a disaster, tracking hasn't moved in ten days.",
        "Took a day off for the {brand} delivery and again nobody showed up.",
    ),
    ("delivery", "positive"): (
        "Ordered from {brand} on Monday, delivered on Wednesday, well packed and ready to ride.",
        "{brand} delivery was on time to the minute and the driver even helped unpack. Great.",
    ),
    ("battery", "negative"): (
        "The battery on my {brand} barely lasts 15 miles in winter, they promised 55.",
        "One year old {brand} and the battery only charges to 60 percent. Bad.",
        "Range on the {brand} is a joke, pushing it home every other evening.",
    ),
    ("battery", "positive"): (
        "Rode 60 miles on the {brand} today and still 20 percent battery left. Amazing.",
        "The range of the {brand} keeps impressing me, I only charge on Sundays.",
    ),
    ("quality", "negative"): (
        "Brakes on the {brand} have been squealing since day one, two workshop visits later still the same.",
        "Second broken spoke on my {brand} after 500 miles. Terrible build.",
        "Display of the {brand} fogs up in the rain and shows nothing.",
    ),
    ("quality", "positive"): (
        "Build quality of the {brand} is excellent, nothing rattles.",
        "The {brand} rides so smooth and stable that I never want another bike.",
        "6,000 miles on the {brand} and nothing replaced but brake pads. Love it.",
    ),
    ("customer_service", "negative"): (
        "Four emails to {brand} support, not a single answer. Very disappointing.",
        "{brand} hotline: 45 minutes on hold, then they hung up on me.",
        "Refund from {brand} is two months overdue and nobody feels responsible.",
    ),
    ("customer_service", "positive"): (
        "Huge praise for {brand} support, the spare part was here the next day.",
        "The {brand} workshop fixed my bike in an hour, for free and super friendly.",
    ),
    ("price", "negative"): (
        "4,200 for a {brand} without lights? Way too expensive.",
        "89 euros for a set of {brand} brake pads is a rip-off.",
    ),
    ("price", "positive"): ("You don't get that much bike for the money anywhere but at {brand}.",),
    ("app", "negative"): (
        "Since the update the {brand} app won't connect to the bike any more. So annoying.",
        "The {brand} app crashes on start and all my routes are gone.",
    ),
    ("app", "positive"): ("The new {brand} app is really well made, navigation finally runs smoothly.",),
    ("other", "neutral"): (
        "Has anyone taken the {brand} on a train? Does it fit the bike rack?",
        "What tyre size does the {brand} have?",
        "{brand} will be at the trade fair in hall 5.",
        "Counted three {brand} bikes at one traffic light today.",
        "How long does a {brand} inspection usually take?",
    ),
    ("feature_request", "neutral"): ("It would be nice if the {brand} app could dim the front light.",),
    ("purchase", "neutral"): (
        "Planning to get a {brand} before Easter, where can I test ride one?",
        "The {brand} is on top of my list, visiting the dealer next week to order.",
    ),
    ("recommendation", "neutral"): (
        "Which e-bike would you recommend for a 20 mile commute, {brand} or something else?",
    ),
    ("employer", "neutral"): ("{brand} is hiring firmware engineers in Kassel, apply now.",),
    ("chatter", "neutral"): (
        "Headwind on the way there, headwind on the way back. How?",
        "Coffee first, then the world.",
        "The new bike lane along the river is finally open.",
        "Sunday ride: 26 miles and two slices of cake.",
        "An e-bike overtook me uphill today, the rider was carrying a birthday cake.",
        "Which lock do you use when the bike spends all day at the station?",
        "First frost, and the gloves are still in the cellar of course.",
        "Looking for company on a tour to the lake, easy pace.",
        "There is a public pump on the market square now.",
    ),
}

LAUNCH = (
    "The new {product} looks amazing! Two kids plus groceries, everything fits.",
    "Test rode the {product} today: agile, quiet, I'm impressed.",
    "Finally a cargo bike I want: the {product}. Ordering one right away.",
    "Congrats to the team, the {product} turned out to be a great bike.",
)
PRICE_RISE = (
    "{competitor} raises subscription prices by 30 percent. I'm cancelling and moving to {company}.",
    "30 percent more for {competitor}? No thanks, cancelled today.",
    "After the {competitor} price hike I'm looking at {company}. Anyone switched?",
)
LAUNCH_NEWS = (
    "{company} unveils cargo bike {product}",
    "{company} has presented its cargo bike {product}, priced at 5,490 euros.",
)
DISASTER_NEWS = (
    "Delivery chaos at {company}",
    "Customers of {company} have been waiting for weeks. The company points to trouble in its central warehouse.",
)
PRICE_NEWS = (
    "{competitor} raises prices by 30 percent",
    "{competitor} subscriptions get 30 percent more expensive next month.",
)
NEWS = (
    (
        "{company} reports eleven percent growth",
        "The bike maker {company} grew its revenue by eleven percent in the third quarter.",
    ),
    ("{competitor} opens plant in Leipzig", "{competitor} has opened a new assembly hall in Leipzig."),
    ("Seven commuter bikes compared", "In our test {company} came in ahead of {competitor}."),
)
