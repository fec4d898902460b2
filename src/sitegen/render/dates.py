"""Dates as templates meet them: from whatever holds one, and to text in a language."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from sitegen.render.date_patterns import brief, by_letters
from sitegen.render.format import format_rfc3339

_DIRECTIVE = re.compile(r"%([-_0]?)(:z|.)", re.S)

_ENGLISH = (
    "January February March April May June July August September October November December",
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
)
NAMES = {
    "en": _ENGLISH,
    "ca": (
        "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
        "dilluns dimarts dimecres dijous divendres dissabte diumenge",
    ),
    "cs": (
        "ledna února března dubna května června července srpna září října listopadu prosince",
        "pondělí úterý středa čtvrtek pátek sobota neděle",
    ),
    "da": (
        "januar februar marts april maj juni juli august september oktober november december",
        "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    ),
    "de": (
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    ),
    "es": (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "lunes martes miércoles jueves viernes sábado domingo",
    ),
    "fi": (
        "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta "
        "syyskuuta lokakuuta marraskuuta joulukuuta",
        "maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai",
    ),
    "fr": (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
    ),
    "it": (
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
        "dicembre",
        "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    ),
    "nb": (
        "januar februar mars april mai juni juli august september oktober november desember",
        "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    ),
    "nl": (
        "januari februari maart april mei juni juli augustus september oktober november december",
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    ),
    "pl": (
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
        "listopada grudnia",
        "poniedziałek wtorek środa czwartek piątek sobota niedziela",
    ),
    "pt": (
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    ),
    "ru": (
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "понедельник вторник среда четверг пятница суббота воскресенье",
    ),
    "sv": (
        "januari februari mars april maj juni juli augusti september oktober november december",
        "måndag tisdag onsdag torsdag fredag lördag söndag",
    ),
    "tr": (
        "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
        "Pazartesi Salı Çarşamba Perşembe Cuma Cumartesi Pazar",
    ),
    "uk": (
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
        "понеділок вівторок середа четвер пʼятниця субота неділя",
    ),
    "zh": (
        "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",
        "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
    ),
    "ja": (
        "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
        "月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日",
    ),
    "ko": (
        "1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",
        "월요일 화요일 수요일 목요일 금요일 토요일 일요일",
    ),
}
"""Months as they stand in a date, and days from Monday on: names that no process locale moves.

A table rather than Babel: 20 languages fit a page, Babel's data are 30 MB.
"""


def as_date(value: Any) -> dt.datetime | None:
    """The moment that a value holds: a date, an ISO string, seconds since 1970; else None."""
    match value:
        case dt.datetime():
            return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        case dt.date():
            return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
        case bool():
            return None
        case int():
            try:
                return dt.datetime.fromtimestamp(value, dt.UTC)
            except (OverflowError, OSError, ValueError):
                return None
        case str():
            try:
                return as_date(dt.datetime.fromisoformat(value.strip()))
            except ValueError:
                return None
        case _:
            return None


def iso_date(date: dt.datetime) -> str:
    """The date as front matter writes it: without a time at midnight UTC, else RFC 3339."""
    midnight = date.timetz() == dt.time(tzinfo=dt.UTC)
    return date.date().isoformat() if midnight else format_rfc3339(date)


def format_date(
    value: Any,
    format: str = "%Y-%m-%d",
    timezone: str | None = None,
    locale: str | None = None,
) -> str:
    """The filter `date`: by a strftime pattern, in English unless `locale` says otherwise.

    With `locale` the pattern may be one of letters too, which is Zola's since 0.23.3.
    """
    date = as_date(value)
    if date is None:
        shown = "nothing" if value is None else f"`{value}`"
        help = "a date, an ISO string or seconds since 1970"
        raise jinja2.TemplateRuntimeError(f"`date` was given {shown}, and needs {help}")
    return _formatted(date, date.utcoffset(), format, timezone, locale)


@lru_cache(16384)
def _formatted(
    date: dt.datetime,
    offset: dt.timedelta | None,
    format: str,
    timezone: str | None,
    locale: str | None,
) -> str:
    """The date in the format; remembered, since a post's date stands in many lists. `offset` tells
    apart the same moment in two zones: such dates are equal."""
    if timezone is not None:
        date = date.astimezone(_zone(timezone))
    months, days = _names(locale)
    if locale is not None and "%" not in format:
        return by_letters(format, date, months, days)
    return _DIRECTIVE.sub(lambda found: _part(found, date, months, days), format)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise jinja2.TemplateRuntimeError(f"there is no time zone `{name}`") from None


def _names(locale: str | None) -> tuple[list[str], list[str]]:
    language = re.split("[-_]", locale or "en")[0].lower()
    language = {"no": "nb", "nn": "nb", "posix": "en", "c": "en"}.get(language, language)
    if language not in NAMES:
        known = ", ".join(sorted(NAMES))
        raise jinja2.TemplateRuntimeError(f"`date` knows no locale `{locale}`; it knows {known}")
    months, days = NAMES[language]
    return months.split(), days.split()


def _part(found: re.Match[str], date: dt.datetime, months: list[str], days: list[str]) -> str:
    """What a directive stands for; only those of which no platform or locale has its own idea."""
    padding, letter = found.groups()
    number = _number(letter, date)
    if number is not None:
        value, width = number
        if padding == "-":
            return str(value)
        filler = {"_": " ", "0": "0"}.get(padding, " " if letter in "ekl" else "0")
        return str(value).rjust(width, filler)
    month, day = months[date.month - 1], days[date.weekday()]
    compound = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "x": "%m/%d/%y"}
    compound |= {"X": "%H:%M:%S", "v": "%e-%b-%Y", "c": "%a %b %e %H:%M:%S %Y", "h": "%b"}
    if letter in compound:
        pattern = compound[letter]
        return _DIRECTIVE.sub(lambda part: _part(part, date, months, days), pattern)
    offset = date.strftime("%z")
    match letter:
        case "B":
            return month
        case "b":
            return brief(month, months)
        case "A":
            return day
        case "a":
            return brief(day, days)
        case "p":
            return "AM" if date.hour < 12 else "PM"
        case "P":
            return "am" if date.hour < 12 else "pm"
        case "z":
            return offset
        case ":z":
            return f"{offset[:3]}:{offset[3:5]}"
        case "Z":
            return date.tzname() or f"{offset[:3]}:{offset[3:]}"
        case "+":
            return date.isoformat()
        case "n":
            return "\n"
        case "t":
            return "\t"
        case "%":
            return "%"
        case _:
            raise jinja2.TemplateRuntimeError(f"`date` knows no directive `%{padding}{letter}`")


def _number(letter: str, date: dt.datetime) -> tuple[int, int] | None:
    """The number that a directive stands for, and its width."""
    year, week, weekday = date.isocalendar()
    since = date.timetuple().tm_yday
    match letter:
        case "Y":
            return date.year, 4
        case "C":
            return date.year // 100, 2
        case "y":
            return date.year % 100, 2
        case "m":
            return date.month, 2
        case "d" | "e":
            return date.day, 2
        case "H" | "k":
            return date.hour, 2
        case "I" | "l":
            return date.hour % 12 or 12, 2
        case "M":
            return date.minute, 2
        case "S":
            return date.second, 2
        case "f":
            return date.microsecond * 1000, 9
        case "j":
            return since, 3
        case "u":
            return weekday, 1
        case "w":
            return weekday % 7, 1
        case "G":
            return year, 4
        case "g":
            return year % 100, 2
        case "V":
            return week, 2
        case "U":
            return (since + 6 - weekday % 7) // 7, 2
        case "W":
            return (since + 6 - (weekday - 1)) // 7, 2
        case "s":
            return int(date.timestamp()), 1
        case _:
            return None
