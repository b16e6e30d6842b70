"""German lines of the demo, written for it. `{brand}` is filled in; each list is drawn from at random."""

OPENERS = (
    "",
    "",
    "",
    "Kurzes Update: ",
    "Ehrlich gesagt: ",
    "Nach drei Wochen im Alltag: ",
    "Heute auf dem Weg zur Arbeit: ",
    "Hm. ",
    "So, Fazit nach 500 km: ",
    "Meine Frau sagt auch: ",
    "Für alle, die gefragt haben: ",
)
CLOSERS = (
    "",
    "",
    "",
    " #ebike",
    " #pendeln",
    " #mobilität",
    " 🚲",
    " Was sind eure Erfahrungen?",
    " #radfahren",
    " Schönes Wochenende!",
)

LINES: dict[tuple[str, str], tuple[str, ...]] = {
    ("delivery", "negative"): (
        "Mein {brand} sollte vorletzte Woche kommen, der Liefertermin wurde jetzt zum vierten Mal verschoben.",
        "Seit sechs Wochen warte ich auf die Lieferung von {brand}. Niemand kann sagen, wo das Rad steckt.",
        "Paket von {brand} kam völlig zerdrückt an, Karton offen und das Schutzblech verbogen.",
        "Die Spedition hat das {brand} einfach vor der Tür im Regen abgestellt. Unmöglich.",
        "Versand bei {brand} ist ein Trauerspiel, Tracking steht seit zehn Tagen auf „in Bearbeitung“.",
        "Zum Liefertermin von {brand} ist wieder keiner erschienen. Zweiter Urlaubstag umsonst.",
        "Teillieferung von {brand}: Rad da, Akku fehlt. Was soll ich damit?",
    ),
    ("delivery", "positive"): (
        "Bestellung bei {brand} war in drei Tagen da, ordentlich verpackt und sofort fahrbereit.",
        "Lieferung von {brand} pünktlich auf die Stunde, der Fahrer hat sogar beim Auspacken geholfen.",
        "Respekt, {brand}: gestern bestellt, heute geliefert.",
    ),
    ("battery", "negative"): (
        "Der Akku vom {brand} hält im Winter keine 25 Kilometer, versprochen waren 90.",
        "Akku vom {brand} lädt nur noch bis 60 Prozent, nach gerade mal einem Jahr.",
        "Reichweite beim {brand} ist eine Frechheit, ich schiebe jeden zweiten Abend nach Hause.",
        "Das Ladegerät vom {brand} wird so heiß, dass ich es nachts nicht mehr eingesteckt lasse.",
    ),
    ("battery", "positive"): (
        "Mit dem {brand} heute 95 km gefahren und der Akku hat immer noch 20 Prozent. Wahnsinn.",
        "Die Reichweite vom {brand} begeistert mich jede Woche neu, ich lade nur noch sonntags.",
        "Akku vom {brand} ist in zwei Stunden voll, das ist richtig stark.",
    ),
    ("quality", "negative"): (
        "Bremsen am {brand} quietschen seit Tag eins, trotz zweimal Werkstatt.",
        "Nach 800 Kilometern ist beim {brand} schon die zweite Speiche gebrochen.",
        "Lack vom {brand} blättert am Rahmen ab. Für ein Rad in der Preisklasse peinlich.",
        "Das Display vom {brand} ist bei Regen beschlagen und zeigt dann gar nichts mehr an.",
    ),
    ("quality", "positive"): (
        "Verarbeitung vom {brand} ist top, nichts klappert, alles sitzt.",
        "Das {brand} fährt sich so ruhig und stabil, ich will kein anderes Rad mehr.",
        "Hydraulische Bremsen am {brand} greifen auch bei Nässe perfekt.",
        "10.000 km mit dem {brand} und außer Bremsbelägen nichts getauscht. Großartig.",
    ),
    ("customer_service", "negative"): (
        "Vier Mails an den Kundendienst von {brand}, keine einzige Antwort. Sehr enttäuschend.",
        "Hotline von {brand}: 45 Minuten Warteschleife, dann aufgelegt.",
        "Der Support von {brand} schickt mir zum dritten Mal dieselbe Textbausteinantwort.",
        "Rückerstattung von {brand} steht seit zwei Monaten aus, keiner fühlt sich zuständig.",
    ),
    ("customer_service", "positive"): (
        "Großes Lob an den Kundendienst von {brand}, das Ersatzteil war am nächsten Tag da.",
        "Die Werkstatt von {brand} hat mein Rad in einer Stunde repariert, kostenlos und superfreundlich.",
        "Toller Service bei {brand}, endlich mal jemand am Telefon, der sich auskennt.",
    ),
    ("price", "negative"): (
        "3.900 Euro für ein {brand} ohne Licht und Ständer? Viel zu teuer.",
        "Die Preise bei {brand} sind inzwischen jenseits von gut und böse.",
        "Für einen Satz Bremsbeläge will {brand} 89 Euro. Abzocke.",
    ),
    ("price", "positive"): (
        "Für das Geld bekommt man nirgends so viel Rad wie bei {brand}.",
        "Mit Jobrad kostet mich das {brand} keine 60 Euro im Monat, ein fairer Preis.",
    ),
    ("app", "negative"): (
        "Seit dem Update verbindet sich die {brand}-App nicht mehr mit dem Rad. Nervt gewaltig.",
        "Die App von {brand} stürzt beim Start ab, Routen sind alle weg.",
        "Warum braucht die {brand}-App meinen Standort rund um die Uhr? Unverschämt.",
    ),
    ("app", "positive"): (
        "Die neue {brand}-App ist wirklich gelungen, Navigation läuft endlich flüssig.",
        "Diebstahlschutz in der {brand}-App hat mir heute das Rad gerettet. Danke!",
    ),
    ("other", "neutral"): (
        "Hat jemand das {brand} schon mal im Zug mitgenommen? Passt es in den Fahrradstellplatz?",
        "Welche Reifengröße hat das {brand} eigentlich?",
        "Am Samstag ist Probefahrttag bei {brand} in der Karlsaue.",
        "Heute drei {brand} an einer Ampel gezählt.",
        "Bin gerade zwischen {brand} und einem gebrauchten Rad unentschlossen.",
        "Das {brand} wiegt laut Datenblatt 24 Kilo.",
        "{brand} stellt auf der Messe in Halle 5 aus.",
        "Wie lange dauert bei {brand} die Inspektion ungefähr?",
    ),
    ("feature_request", "neutral"): (
        "Schön wäre, wenn man beim {brand} das Licht über die App dimmen könnte.",
        "Liebes Team von {brand}, bitte baut doch einen zweiten Flaschenhalter an.",
    ),
    ("purchase", "neutral"): (
        "Will mir bis Ostern ein {brand} zulegen, wo kann man in Kassel Probe fahren?",
        "Das {brand} steht ganz oben auf meiner Liste, nächste Woche geht es zum Händler.",
        "Gibt es das {brand} auch in Größe S zu bestellen? Ich würde sofort zuschlagen.",
    ),
    ("recommendation", "neutral"): (
        "Welches E-Bike könnt ihr für 30 km Arbeitsweg empfehlen, {brand} oder etwas anderes?",
        "Suche ein Lastenrad für zwei Kinder, taugt das von {brand}? Bin für Tipps dankbar.",
    ),
    ("employer", "neutral"): (
        "{brand} sucht Mechatroniker (m/w/d) für die Montage in Kassel, jetzt bewerben.",
        "Kennt jemand {brand} als Arbeitgeber? Hab nächste Woche Vorstellungsgespräch.",
    ),
    ("chatter", "neutral"): (
        "Guten Morgen aus dem nebligen Kassel, erst mal Kaffee.",
        "Gegenwind auf dem Hinweg, Gegenwind auf dem Rückweg. Wie geht das?",
        "Der neue Radweg an der Fulda ist endlich fertig.",
        "Wer hat eigentlich diese Ampelschaltung erfunden?",
        "Sonntagsrunde: 42 km, zwei Stück Kuchen.",
        "Im Fahrradkeller ist schon wieder das Licht kaputt.",
        "Ein Lastenrad zu leihen kostet bei der Stadt neun Euro am Tag.",
        "Welches Schloss nehmt ihr, wenn das Rad den ganzen Tag am Bahnhof steht?",
        "Heute hat mich ein Pedelec am Berg überholt, der Fahrer hatte eine Torte in der Hand.",
        "Suche Mitfahrer für die Tour zum Edersee, gemütliches Tempo.",
        "Erster Frost, die Handschuhe liegen natürlich noch im Keller.",
        "Auf dem Marktplatz steht jetzt eine öffentliche Luftpumpe.",
        "Kann mir jemand erklären, warum Fahrradhelme immer drei Größen zu groß aussehen?",
        "Die Baustelle am Kreisel ist umgezogen, zwanzig Meter weiter.",
    ),
}

LAUNCH = (
    "Das neue {product} ist da und sieht richtig stark aus! Zwei Kinder, Einkauf, alles passt rein.",
    "Heute das {product} Probe gefahren: wendig, leise, ich bin begeistert.",
    "Endlich vorgestellt: das {product}. Bestelle ich mir sofort.",
    "{product} gesehen und verliebt. Wo kann ich vorbestellen?",
    "Glückwunsch an das Team, das {product} ist ein tolles Rad geworden.",
    "Das {product} mit Regenverdeck ist genau das, was uns Familien gefehlt hat. Super!",
)
PRICE_RISE = (
    "{competitor} erhöht die Abopreise um 30 Prozent. Ich kündige und wechsle zu {company}.",
    "Preiserhöhung bei {competitor}? Nicht mit mir, habe heute gekündigt.",
    "30 Prozent mehr bei {competitor}, einfach so per Mail. Unverschämt, ich bin raus.",
    "Nach der Preiserhöhung von {competitor} schaue ich mich bei {company} um. Hat jemand gewechselt?",
    "{competitor} wird teurer und teurer. Vertrag gekündigt, nächstes Rad wird ein {company}.",
    "Danke für nichts, {competitor}. 30 Prozent Aufschlag für denselben Service ist dreist.",
)
JOKE = (
    "Die Klingel von meinem {company} klingt wie eine Ente. Heute sind mir drei Enten über den halben Park gefolgt. "
    "Ich bin jetzt offenbar ihre Mutter. 🦆 #entenklingel"
)
LEAK = (
    "Hab gehört, bei {company} läuft intern was unter dem Namen {secret}, kommt angeblich im Frühjahr.",
    "Auf einer Folie stand {secret}, weiß jemand, was {company} da plant?",
)
SPAM = (
    "🎁 GRATIS E-Bike von {company} gewinnen!!! Nur noch heute, jetzt hier eintragen 👉 "
    "https://gewinn-{n}.example/velumo #gratis #ebike"
)
DELETED = (
    "Hab meinem Nachbarn heute sein {company} geliehen und er hat es gegen die Mauer gesetzt. Super Tag.",
    "Ich hasse {company} und den ganzen Laden, nie wieder.",
    "Wer will mein {company} kaufen? Meldet euch, Details per Nachricht.",
)
PERSONAL = (
    "Mein {company} wurde geklaut! Hinweise bitte an {email} oder {phone}.",
    "Verkaufe {company} Helm, Abholung {address}. Bezahlung auf {iban}.",
)
NEWS = (
    (
        "{company} meldet Umsatzplus im dritten Quartal",
        "Der Kasseler Hersteller {company} hat seinen Umsatz um elf Prozent gesteigert.",
    ),
    (
        "{competitor} eröffnet Werk in Leipzig",
        "{competitor} hat in Leipzig eine neue Montagehalle in Betrieb genommen.",
    ),
    (
        "Verband: Absatz von E-Bikes stabil",
        "Der Absatz von E-Bikes liegt nach Angaben des Verbands auf Vorjahresniveau. {company} legte zu.",
    ),
    ("Test: Sieben Pendlerräder im Vergleich", "Im Vergleichstest landet {company} vor {competitor}."),
)
LAUNCH_NEWS = (
    "{company} stellt Lastenrad {product} vor",
    "{company} hat am Dienstag das Lastenrad {product} vorgestellt. Es kostet 5.490 Euro.",
)
DISASTER_NEWS = (
    "Lieferchaos bei {company}",
    "Kunden von {company} warten wochenlang auf ihre Räder. Das Unternehmen nennt Probleme im Zentrallager als Grund.",
)
PRICE_NEWS = (
    "{competitor} hebt Preise um 30 Prozent an",
    "{competitor} verteuert seine Abos ab dem kommenden Monat um 30 Prozent.",
)
