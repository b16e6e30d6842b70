"""German licence plates: a district's letters, one or two letters, up to four digits."""

from __future__ import annotations

import re

from flows.privacy.spans import replace

# Unterscheidungszeichen of the Fahrzeug-Zulassungsverordnung in use
_DISTRICTS = """
    A AA AB ABG ABI AC AE AH AIB AIC AK ALF ALZ AM AN ANA ANG ANK AÖ AP APD ARN ART AS ASL ASZ AT AU AUR AW AZ AZE B
    BA BAD BAR BB BBG BBL BC BCH BED BER BF BGD BGL BH BI BID BIN BIR BIT BIW BK BKS BL BLB BLK BM BN BNA BO BÖ BOG
    BOH BOR BOT BRA BRB BRG BRI BRK BRL BRV BS BSB BSK BT BTF BÜD BUL BÜR BÜS BÜZ BZ BZA C CA CAS CB CE CHA CLP CLZ
    CO COC COE CR CUX CW D DA DAH DAN DAU DBR DD DE DEG DEL DGF DH DI DIL DIN DIZ DKB DL DLG DM DN DO DON DU DUD DÜW
    DW DZ E EA EB EBE EBN EBS ECK ED EE EF EG EH EI EIC EIL EIN EIS EL EM EMD EMS EN ER ERB ERH ERK ERZ ES ESB ESW
    EU EW F FB FD FDB FDS FEU FF FFB FG FH FI FKB FL FLÖ FN FO FOR FR FRG FRI FRW FS FT FTL FÜ FÜS FW FZ G GA GAN
    GAP GC GD GDB GE GEL GEM GEO GER GF GG GHA GHC GI GK GL GLA GM GMN GN GNT GÖ GOA GOH GP GR GRA GRH GRI GRM GRZ
    GS GT GTH GÜ GUB GUN GV GVM GW GZ H HA HAB HAL HAM HAS HB HBN HBS HC HCH HD HDH HDL HE HEB HEF HEI HEL HER HET
    HF HG HGN HGW HH HHM HI HIG HIP HK HL HM HMÜ HN HO HOG HOH HOL HOM HOR HOT HP HR HRO HS HSK HST HU HV HVL HWI HX
    HY HZ IGB IK IL ILL IN IZ J JE JL JÜL K KA KB KC KE KEH KEL KEM KF KG KH KI KIB KK KL KLE KLZ KM KN KO KÖN KÖT
    KÖZ KR KRU KS KT KU KÜN KUS KW KY KYF L LA LAN LAU LB LBS LBZ LC LD LDK LDS LEO LER LEV LF LG LH LI LIB LIF LIP
    LL LM LN LÖ LÖB LOS LP LR LRO LSA LSN LSZ LU LÜN LUP LWL M MA MAB MAI MAK MAL MB MC MD ME MED MEG MEI MEK MEL
    MER MET MG MGH MGN MH MHL MI MIL MK MKK ML MM MN MO MOD MOL MON MOS MQ MR MS MSE MSH MSP MST MT MTK MTL MÜ MÜB
    MÜL MÜN MÜR MVL MY MYK MZ MZG N NAB NAI NAU NB ND NDH NE NEA NEB NEC NEN NES NEW NF NH NI NK NL NM NMB NMS NÖ
    NOH NOL NOM NOR NP NR NRW NRÜ NT NU NVP NW NWM NY NZ OA OAL OB OBB OBG OC OCH OD OE OF OG OH OHA ÖHR OHV OHZ OK
    OL OP OPR OR OS OSL OTW OVI OVL OVP OZ P PA PAF PAN PAR PB PCH PE PEG PER PF PI PIR PL PLÖ PM PN PR PRÜ PS PW PZ
    QFT QLB R RA RC RD RDG RE REG REH REI RG RH RI RID RIE RIN RL RM RN RO ROD ROF ROH ROK ROL ROS ROT ROW RP RPL RS
    RSL RT RÜD RÜG RU RV RW RZ S SAB SAD SAL SAN SAW SB SBG SBK SC SCZ SDH SDL SDT SE SEB SEE SEF SEL SFB SFT SG SGH
    SH SHA SHG SHK SHL SI SIG SIM SK SL SLE SLF SLK SLN SLS SLÜ SLZ SM SN SO SOB SOG SOK SÖM SON SP SPB SPN SR SRB
    SRO ST STA STB STD STE STH STL STO STW SU SUL SÜW SW SWA SY SZ SZB TBB TDO TE TET TF TG THL THW TIR TO TÖL TP TR
    TS TT TÜ TUT UE UEM UFF UH UL UM UN USI V VAI VB VEC VER VG VIB VIE VIT VK VKL VOF VOH VR VS W WA WAF WAK WAN
    WAR WAT WB WBS WDA WE WEL WEN WER WES WF WG WHV WI WIL WIS WIT WIZ WK WL WLG WM WMS WN WND WO WOB WOH WOL WOR
    WOS WR WRN WS WSF WST WSW WT WTL WTM WÜ WUG WÜM WUN WUR WW WZ WZL X Y Z ZE ZEL ZI ZIG ZP ZR ZW ZZ
"""
DISTRICTS = frozenset(_DISTRICTS.split())

_PLATE = re.compile(
    r"(?<![\w\-/.])(?P<district>[A-ZÄÖÜ]{1,3})(?P<gap>[\-–: ]| - )(?P<letters>[A-Z]{1,2})(?P<space>[ \-]?)"
    r"(?P<number>[1-9][0-9]{0,3})(?P<kind>[EH]?)(?![\w/%€$]|[.,\-][0-9])"
)
_ANNOUNCED = re.compile(
    r"(?:kennzeichen|nummernschild|kfz|fahrzeug|wagen|auto|taxi|bus|lkw|transporter|lieferwagen|sprinter|fahrer(?:in)?"
    r"|licen[cs]e plate|number plate|registration|plate|reg|driver|van|truck|car)\b[^.!?\n]{0,40}$",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"(?:DIN|ISO|EN|Norm|\w*[cC]ode|Modell?|Typ|Type|Version|Artikel|Raum|Gate|Platz|Tor|Halle|Stand|Route|Linie|Zug)\s{1,2}$"
)
# what looks like a plate's letters and is something else: "HD-TV 2000", "M-EU 27"
_NOT_LETTERS = frozenset(
    {
        "TV",
        "UV",
        "PC",
        "ID",
        "NR",
        "GB",
        "MB",
        "TB",
        "KM",
        "KG",
        "CM",
        "MM",
        "PS",
        "KW",
        "HZ",
        "XL",
        "EU",
        "EM",
        "WM",
        "KI",
        "AI",
    }
)
_YEAR = re.compile(r"19[89][0-9]|20[0-4][0-9]")


def redact_plates(text: str) -> str:
    """Replace German licence plates ("M-AB 123"); in other spellings only behind words that speak of a vehicle."""
    return replace(_PLATE, _judge, "[plate]", text)


def _judge(match: re.Match[str]) -> tuple[int, int] | None:
    if match["district"] not in DISTRICTS or _OTHERWISE.search(match.string, 0, match.start()):
        return None
    if _ANNOUNCED.search(match.string, max(0, match.start() - 60), match.start()):
        return match.span()
    # without a blank it is more often a device: "M-CR610", "SM-N9005"
    if match["gap"] == " " or not match["space"] or match["letters"] in _NOT_LETTERS or len(match["number"]) == 1:
        return None
    return None if _YEAR.fullmatch(match["number"]) else match.span()
