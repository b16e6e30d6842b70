"""Sentences that set one post apart from the next; neutral, so that they do not blur what the post is about."""

from __future__ import annotations

from collections import Counter
from random import Random

PLACES = {
    "de": (
        "Kassel",
        "Göttingen",
        "Marburg",
        "Fulda",
        "Bremen",
        "Linz",
        "Graz",
        "Erfurt",
        "Münster",
        "Freiburg",
        "Kiel",
    ),
    "en": ("Bristol", "Leeds", "Utrecht", "Portland", "Dublin", "Ghent", "Austin", "Malmö", "York"),
}
DAYS = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}

DETAILS: dict[str, tuple[str, ...]] = {
    "de": (
        "Gekauft habe ich es am {day} bei einem Händler in {place}, Modelljahr {year}, Rahmengröße {n}.",
        "Ich fahre damit jeden {day} rund {n} Kilometer zwischen {place} und dem Büro, meistens auf Feldwegen.",
        "Unterwegs war ich diesmal rund um {place}, {n} km bei {m} Grad und leichtem Wind aus Westen.",
        "Mein Kollege aus {place} hat dasselbe Modell, Baujahr {year}, in Grau statt in Grün.",
        "Zum Vergleich: mein altes Rad von {year} hatte {n} Gänge und steht jetzt beim Schwager im Keller.",
        "Kilometerstand am {day}: {k}, angefangen habe ich im Sommer {year}.",
        "Wir wohnen im {m}. Stock und stellen alle Räder unten im Hof ab, neben den Mülltonnen.",
        "Notiz an mich selbst: Reifendruck {m} bar, Sattelhöhe {n} Zentimeter, Schlüssel nicht vergessen.",
        "Das war am {day} gegen {m} Uhr auf dem Heimweg, kurz hinter der alten Brücke.",
        "In unserer Radgruppe sind wir inzwischen {n} Leute, nächstes Treffen ist in {place}.",
        "Am {day} treffe ich mich mit {m} anderen aus der Nachbarschaft, dann reden wir weiter.",
        "Zur Einordnung: ich bin {n} Jahre alt, wiege {n} Kilo und fahre bei jedem Wetter.",
        "Die Kinder sitzen hinten, der Hund läuft nebenher, so sieht bei uns ein {day} aus.",
        "Zwischen Supermarkt und Kita liegen bei uns {m} Kilometer und zwei Baustellen.",
        "Seit {year} habe ich kein Auto mehr, also kommt alles mit dem Rad nach Hause.",
        "Im Büro stehen inzwischen {n} Räder in der Tiefgarage, vor zwei Jahren waren es drei.",
        "Der Händler in {place} hat übrigens montags zu und mittwochs nur bis mittags offen.",
        "Mein Vater ist {n} geworden und fragt jetzt auch schon nach einem Motor.",
        "Strecke laut Karte {n} Kilometer, laut Tacho zwei mehr, wegen der Umleitung.",
        "Geschrieben aus dem Regionalzug nach {place}, Wagen drei, Fahrradabteil.",
        "Foto reiche ich nach, sobald es in {place} wieder hell wird.",
        "Wir haben es seit {year} zu zweit im Einsatz, sie fährt vormittags, ich abends.",
        "Im Forum gibt es dazu einen Faden mit {n} Seiten, ich bin erst bei Seite {m}.",
        "Für die Statistik: Stahlrahmen, Nabenschaltung, {n}er Laufräder, Gepäckträger vorn.",
        "Auf dem Hof haben uns {m} Nachbarn zugeschaut, einer hat sogar mitgeschrieben.",
        "Nächsten Monat geht es damit in den Urlaub, Fähre ab {place} ist gebucht.",
        "Die Strecke führt erst durch den Wald, dann am Kanal entlang und zum Schluss über die Gleise.",
        "Wer es ansehen will: ich stehe {day} ab {m} Uhr am Wochenmarkt in {place}.",
        "Mit Packtaschen und Schloss kommen bei mir {n} Kilo zusammen, ohne Einkauf.",
        "Gefahren wird hier zwischen {m} und {n} Grad, der Sommer war lang.",
        "Meine Werkstatt in {place} macht nur noch Termine für {day}.",
        "Ich komme aus der Ecke Rennrad und musste mich {m} Wochen lang umgewöhnen.",
        "Vorher hatte ich {m} Jahre lang eine Monatskarte für den Bus.",
        "Das Rad steht nachts in der Garage, der Helm hängt am Lenker, alles wie immer.",
        "Im Ort gibt es {m} Ladestationen, zwei davon direkt vor dem Rathaus.",
        "Auf der Arbeit in {place} haben wir Duschen, das macht vieles leichter.",
        "Mein Nachbar schwört auf Dreigang von {year}, aber das ist eine andere Geschichte.",
        "Die Route habe ich am {day} hochgeladen, Länge {n} Kilometer, {k} Höhenmeter im Jahr.",
        "Hier oben in den Bergen fährt man ja sowieso nur von {m} bis Sonnenuntergang.",
        "Meine Schwester in {place} überlegt noch, sie hat Zeit bis {day}.",
    ),
    "en": (
        "I got mine on a {day} from a dealer in {place}, model year {year}, frame size {n}.",
        "I ride it about {n} miles every {day} between home and the office, mostly on gravel.",
        "This was around {place}, {n} miles at {m} degrees with a light westerly wind.",
        "A colleague in {place} has the same model from {year}, in grey instead of green.",
        "For comparison, my old bike from {year} had {n} gears and lives in a cellar now.",
        "Odometer this {day}: {k}, and I started in the summer of {year}.",
        "We live on floor {m} and keep all bikes in the yard next to the bins.",
        "Note to self: tyre pressure {m} bar, saddle at {n} centimetres, don't forget the key.",
        "That was on {day} around {m} o'clock, just behind the old bridge.",
        "Our riding group has grown to {n} people, the next meeting is in {place}.",
        "For context, I'm {n} years old and ride in any weather.",
        "Kids in the back, dog running alongside, that's what a {day} looks like here.",
        "Between the supermarket and the nursery we have {m} miles and two building sites.",
        "No car since {year}, so everything comes home by bike.",
        "There are {n} bikes in the office garage by now, two years ago it was three.",
        "My dad turned {n} and has started asking about motors as well.",
        "The map says {n} miles, the speedometer says two more because of a detour.",
        "Written on the regional train to {place}, third carriage, bike compartment.",
        "Photo to follow once it gets light again in {place}.",
        "Two of us have shared it since {year}, she rides mornings, I ride evenings.",
        "The forum has a thread of {n} pages on this and I'm only on page {m}.",
        "For the record: steel frame, hub gear, {n} inch wheels, front rack.",
        "Next month it comes along on holiday, the ferry from {place} is booked.",
        "The route goes through the woods first, then along the canal and over the tracks.",
        "With panniers and a lock I carry {n} pounds before any shopping.",
        "My workshop in {place} only takes appointments for {day}.",
        "I come from road bikes and needed {m} weeks to get used to it.",
        "Before that I had a bus pass for {m} years.",
        "It sleeps in the garage and the helmet hangs on the handlebar, same as ever.",
        "Our village has {m} charging points, two of them right at the town hall.",
        "We have showers at work in {place}, which makes many things easier.",
        "My sister in {place} is still thinking about it, she has until {day}.",
    ),
}

NEWS_DETAILS: dict[str, tuple[str, ...]] = {
    "de": (
        "Im Vorjahr waren es {n} Prozent weniger, teilte der Branchenverband mit.",
        "Ein Sprecher in {place} wollte sich dazu am {day} nicht äußern.",
        "An dem Standort arbeiten derzeit {n} Menschen, im nächsten Jahr sollen es mehr werden.",
        "Die Zahlen beziehen sich auf die ersten {m} Monate, heißt es in der Mitteilung.",
        "Fachleute aus {place} rechnen bis Jahresende mit keiner Änderung.",
    ),
    "en": (
        "The year before it was {n} percent less, the trade association said.",
        "A spokesperson in {place} declined to comment on {day}.",
        "The site currently employs {n} people and is set to grow next year.",
        "The figures cover the first {m} months, according to the statement.",
        "Experts from {place} expect no change before the end of the year.",
    ),
}


class Details:
    """Deals out sentences so that the same line never meets the same sentence before all others have been used.

    Otherwise two posts would be alike by accident, and rightly be taken for copies.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._dealt: Counter[str] = Counter()

    def for_line(self, line: str, language: str, *, is_news: bool = False) -> str:
        """The next neutral sentence for a line, with particulars drawn at random."""
        pool = (NEWS_DETAILS if is_news else DETAILS)[language]
        first = sum(map(ord, line))
        sentence = pool[(first + self._dealt[line]) % len(pool)]
        self._dealt[line] += 1
        return sentence.format(
            day=self._rng.choice(DAYS[language]),
            place=self._rng.choice(PLACES[language]),
            year=self._rng.randint(2014, 2025),
            n=self._rng.randint(13, 98),
            m=self._rng.randint(3, 12),
            k=self._rng.randint(1_100, 19_900),
        )
