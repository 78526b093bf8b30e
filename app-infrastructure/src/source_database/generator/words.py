"""The words of the generated source: some of them chosen to be awkward, as real ones are."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Neither postal code nor city alone names a place; some have neither state nor postal code."""

    city: str
    state: str | None
    postal_code: str | None
    country: str
    dialling: str
    territory: str


PLACES = [
    Place("New York", "NY", "10022", "USA", "212", "NA"),
    Place("San Francisco", "CA", "94217", "USA", "415", "NA"),
    Place("Burlingame", "CA", "94217", "USA", "650", "NA"),
    Place("Los Angeles", "CA", "94217", "USA", "213", "NA"),
    Place("San Rafael", "CA", "97562", "USA", "415", "NA"),
    Place("San Francisco", "CA", "97562", "USA", "415", "NA"),
    Place("Brisbane", "CA", "94019", "USA", "650", "NA"),
    Place("Half Moon Bay", "CA", "94019", "USA", "650", "NA"),
    Place("Boston", "MA", "51003", "USA", "617", "NA"),
    Place("Brickhaven", "MA", "58339", "USA", "617", "NA"),
    Place("Cambridge", "MA", "51247", "USA", "617", "NA"),
    Place("Philadelphia", "PA", "71270", "USA", "215", "NA"),
    Place("Las Vegas", "NV", "83030", "USA", "702", "NA"),
    Place("Newark", "NJ", "94019", "USA", "201", "NA"),
    Place("Montréal", "Québec", "H1J 1C3", "Canada", "514", "NA"),
    Place("Vancouver", "BC", "V3F 2K1", "Canada", "604", "NA"),
    Place("Tsawassen", "BC", None, "Canada", "604", "NA"),
    Place("Paris", None, "75012", "France", "+33 1", "EMEA"),
    Place("Paris", None, "75016", "France", "+33 1", "EMEA"),
    Place("Nantes", None, "44000", "France", "+33 2", "EMEA"),
    Place("Lyon", None, "69004", "France", "+33 4", "EMEA"),
    Place("Strasbourg", None, "67000", "France", "+33 3", "EMEA"),
    Place("Madrid", None, "28034", "Spain", "+34 91", "EMEA"),
    Place("Madrid", None, "28023", "Spain", "+34 91", "EMEA"),
    Place("Barcelona", None, "08022", "Spain", "+34 93", "EMEA"),
    Place("Sevilla", None, "41101", "Spain", "+34 95", "EMEA"),
    Place("London", None, "EC2 5NT", "UK", "+44 20", "EMEA"),
    Place("London", None, "WX1 6LT", "UK", "+44 20", "EMEA"),
    Place("Liverpool", None, "WX1 6LT", "UK", "+44 151", "EMEA"),
    Place("Cowes", "Isle of Wight", "PO31 7PJ", "UK", "+44 1983", "EMEA"),
    Place("Dublin", None, "2", "Ireland", "+353 1", "EMEA"),
    Place("München", None, "80686", "Germany", "+49 89", "EMEA"),
    Place("Köln", None, "50739", "Germany", "+49 221", "EMEA"),
    Place("Frankfurt", None, "60528", "Germany", "+49 69", "EMEA"),
    Place("Graz", None, "8010", "Austria", "+43 316", "EMEA"),
    Place("Salzburg", None, "5020", "Austria", "+43 662", "EMEA"),
    Place("Genève", None, "1203", "Switzerland", "+41 22", "EMEA"),
    Place("Bruxelles", None, "B-1180", "Belgium", "+32 2", "EMEA"),
    Place("Milan", None, "20121", "Italy", "+39 02", "EMEA"),
    Place("Torino", None, "10100", "Italy", "+39 011", "EMEA"),
    Place("Reggio Emilia", None, "42100", "Italy", "+39 0522", "EMEA"),
    Place("Oslo", None, "N 0106", "Norway", "+47 22", "EMEA"),
    Place("Bergen", None, "N 5804", "Norway  ", "+47 55", "EMEA"),  # the blanks are in the well-known data too
    Place("Stavern", None, "4110", "Norway", "+47 33", "EMEA"),
    Place("Helsinki", None, "21240", "Finland", "+358 9", "EMEA"),
    Place("Luleå", None, "S-958 22", "Sweden", "+46 920", "EMEA"),
    Place("København", None, "1734", "Denmark", "+45 31", "EMEA"),
    Place("Lisboa", None, "1675", "Portugal", "+351 21", "EMEA"),
    Place("Warszawa", None, "01-012", "Poland", "+48 22", "EMEA"),
    Place("Αθήνα", None, None, "Greece", "+30 21", "EMEA"),
    Place("Saint Petersburg", None, "196143", "Russia", "+7 812", "EMEA"),
    Place("Tel Aviv", None, None, "Israel", "+972 3", "EMEA"),
    Place("Hatfield", "Pretoria", "0028", "South Africa", "+27 21", "EMEA"),
    Place("東京", "Tōkyō", "106-0032", "Japan", "+81 3", "Japan"),
    Place("Kita-ku", "Osaka", "530-0003", "Japan", "+81 6", "Japan"),
    Place("Melbourne", "Victoria", "3004", "Australia", "+61 3", "APAC"),
    Place("Chatswood", "NSW", "2067", "Australia", "+61 2", "APAC"),
    Place("North Sydney", "NSW", "2060", "Australia", "+61 2", "APAC"),
    Place("South Brisbane", "Queensland", "4101", "Australia", "+61 7", "APAC"),
    Place("Auckland", None, None, "New Zealand", "+64 9", "APAC"),
    Place("Auckland  ", None, None, "New Zealand", "+64 9", "APAC"),
    Place("Wellington", None, None, "New Zealand", "+64 4", "APAC"),
    Place("Singapore", None, "079903", "Singapore", "+65", "APAC"),
    Place("Central Hong Kong", None, None, "Hong Kong", "+852", "APAC"),
    Place("Makati City", None, "1227 MM", "Philippines", "+63 2", "APAC"),
]

# office code, city, phone, address, second line, state, country, postal code, territory
OFFICES = [
    ("1", "San Francisco", "+1 650 555 0100", "100 Harbour Street", "Suite 300", "CA", "USA", "94080", "NA"),
    ("2", "Boston", "+1 215 555 0125", "1550 Court Square", "Suite 102", "MA", "USA", "02107", "NA"),
    ("3", "NYC", "+1 212 555 0130", "523 East 51st Street", "apt. 5A", "NY", "USA", "10022", "NA"),
    ("4", "Paris", "+33 14 555 0144", "43 Rue de l'Abbaye", None, None, "France", "75017", "EMEA"),
    ("5", "Tokyo", "+81 33 555 0150", "4-1 Kojimachi", None, "Chiyoda-Ku", "Japan", "102-8578", "Japan"),
    ("6", "Sydney", "+61 2 5550 0164", "5-11 Wharf Avenue", "Floor #2", None, "Australia", "NSW 2010", "APAC"),
    ("7", "London", "+44 20 5550 0171", "25 New Broad Street", "Level 7", None, "UK", "EC2N 1HN", "EMEA"),
]
OFFICES_BY_TERRITORY = {"NA": ["1", "2", "3"], "EMEA": ["4", "7"], "Japan": ["5"], "APAC": ["6"]}

# product line: what it makes, what it is called, how it is described
PRODUCT_LINES = {
    "Classic Cars": (
        ["Harrow", "Corvani", "Delage", "Mustek", "Alpina", "Falken", "Lancero", "Thunder"],
        ["Roadster", "Coupe", "GT", "Convertible", "Fastback", "Spider", "Hardtop"],
        "Attention car enthusiasts: make your wildest car ownership dreams come true.",
    ),
    "Motorcycles": (
        ["Harlan", "Dukati", "Guzzini", "Triton", "Vespina", "Norden"],
        ["Chopper", "Cruiser", "Racer", "Police Bike", "Scrambler"],
        "Our motorcycles are state of the art replicas of classic as well as contemporary legends.",
    ),
    "Planes": (
        ["Corsaro", "Stearling", "Fokken", "Cessor", "Boeing-style"],
        ["Biplane", "Fighter", "Seaplane", "Jet", "Triplane"],
        "Unique, diecast airplane and helicopter replicas, for home, office or classroom.",
    ),
    "Ships": (
        ["HMS Bountiful", "Queen Ann", "Schooner", "Titania", "Pont Royal"],
        ["Galleon", "Steamer", "Yacht", "Frigate", "Ferry"],
        "The perfect holiday or anniversary gift for executives, clients, friends, and family.",
    ),
    "Trains": (
        ["Pacifico", "Collector's", "Streetcar", "Prairie"],
        ["Locomotive", "Tram", "Freight Car", "Express"],
        'Model trains are a rewarding hobby for enthusiasts of all ages; "all aboard".',
    ),
    "Trucks and Buses": (
        ["Diamond", "Setran", "Chevy-style", "Dodgem", "Packman"],
        ["Pickup", "Fire Engine", "Coach", "Tow Truck", "Double Decker"],
        "The Truck and Bus models are realistic replicas of buses and specialized trucks.",
    ),
    "Vintage Cars": (
        ["Model T-style", "Leeds", "Phaeton", "Mercer", "Stutzer", "Auburn-style"],
        ["Tourer", "Limousine", "Roadster", "Sedan", "Landaulet"],
        "Our Vintage Car models realistically portray automobiles from the 1910s to the 1940s.",
    ),
}
SCALES = ["10", "12", "18", "24", "32", "50", "72", "700"]
VENDORS = [
    "Autoart Studio Design",
    "Carousel DieCast Legends",
    "Classic Metal Creations",
    "Exoto Designs",
    "Gearbox Collectibles",
    "Highway 66 Mini Classics",
    "Min Lin Diecast",
    "Motor City Art Classics",
    "Red Start Diecast",
    "Second Gear Diecast",
    "Studio M Art Models",
    "Unimax Art Galleries",
    "Welly Diecast Productions",
]
DESCRIPTIONS = [
    "Turnable front wheels; steering function; detailed interior; detailed engine; opening hood.",
    "Hand painted, with working kickstand, front suspension and a gear-shift lever.",
    'Measures approximately 12" long × 4" wide; comes with "certificate of authenticity".',
    "Features include:\n- opening doors\n- rotating wheels\n- a detailed cockpit\r\n\tand a stand.",
    "All parts are particularly delicate due to their precise scale, and require special care & handling.",
    "Precision-cast 🏎️ with 1,200 parts; C:\\models\\readme.txt tells how to assemble it.",
    "   ",
]
FIRST_NAMES = (
    "Jean Susan Peter Carine Janine Jonas Julie Kwai Diego Mary Jeff Barry Mathias Léon Elizabeth Wendy Kalle José "
    "Yoshi Miguel Francisca Zbyszek Sue Pascale Dominique Maria Roland Franco Arnold Karl Alejandra Helen Lino Simon "
    "Ann Michael Jerry Steve Paolo 太郎 Øyvind Zoë Ayşe Nguyễn"
).split()
LAST_NAMES = (
    "Schmitt King Ferguson Labrune Bergulfsen Nelson Keitel Murphy Lee Freyre Berglund Larsson Saveliev Young Yu "
    "Tannamuri Citeaux O'Hara Hashimoto García-Pérez Tamminen Brown Cartrain Feuer Ashworth Hernandez Chandler Frick "
    "Cervantes Natividad Devon Pfalzheim Klaeboe Müller-Lüdenscheidt Ødegård d'Ornano 田中 Ivanov"
).split()
COMPANY_HEADS = (
    "Atelier Signal Australian Rochelle Mini Havel Blauer Euro+ Volvo-style Danish Land Toys4 Muscle Diecast Technics "
    "Handji Herkku Collectable Enaco Québec Vitachrome Classic Auto Boards Royale Anna's Super Men 'R' Gift Motor "
    "Tekni Down Under Raanan Scandinavian Osaka Corporate"
).split()
COMPANY_TAILS = [
    "Gift Stores",
    "Collectors, Co.",
    "Imports",
    "Replicas & Toys",
    'Models "Inc."',
    "Shopping Network",
    "Décor Ltd",
    "et fils",
    "Distributors Ltd.",
    "Warehouse GmbH",
    "Souveniers And Things Co.",
    "Trading\\Holdings",
    "🚗 Garage",
    "Club ",  # a trailing blank
]
STREETS = [
    "Strong St.",
    "rue Royale",
    "Bay Drive",
    "Furth Circle",
    "Calle Moralzarzal, bajo",
    "King's Road",
    "Berliner Straße",
    "chaussée de Tournai",
    "Via Monte Bianco",
    "Åkergatan",
    "Jardim das rosas",
    "Mehrheimer Weg",
]
REMARKS = [
    "Customer asked that UPS ground is used, please check.",
    "They want to reevaluate their terms agreement with Finance.",
    'Says "urgent", twice: "as soon as possible".',
    "Check on availability.\nThen call back; ask for José.",
    "Delivery before noon, 4th floor, ring at “Müller”.",
    "Merci beaucoup 🙏 à bientôt 👋🏽",
    "Tab\tseparated\tinstructions, C:\\temp\\order.csv attached",
    "Customer credit limit exceeded. Will ship when a payment is received.  ",
    "Ordine ripetuto; vedi ordine precedente",
    "請在上午送貨。",
    "NULL",
    "\\N",
    "-- no comment; DROP nothing",
]
CANCELLATIONS = [
    "Customer cancelled due to urgent budgeting issues. Must be cautious when dealing with them in the future.",
    "Order was mistakenly placed. The warehouse noticed the lack of documentation.",
    "Customer heard complaints from their customers and called to cancel this order. Will notify the Sales Manager.",
]
DISPUTES = [
    "Customer returned the goods: the case was damaged in transit; credit under negotiation.",
    "Customer disputes the order: colours were not as advertised. Goods on their way back.",
]
SETTLEMENTS = [
    "Return received and credited; customer is satisfied.",
    "The dispute was settled: customer kept the goods at a discount on the next order.",
]
HOLDS = [
    "Custom shipping instructions were sent to the warehouse.",
    "Customer credit limit exceeded. Will ship when a payment is received.",
]
