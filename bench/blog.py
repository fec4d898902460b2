"""A blog of any size for benchmarks: the same posts for every generator, each with code of its own.

A post has about 450 words, some of them marked up, a list, a table, six headings, and two fences of
code that no other post has; three of 60 tags and one of eight categories. Nothing in it runs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

TAGS = 60
CATEGORIES = 8
WORDS = (
    "the of and a to in is that for it as was with be by on not this are or from at which one "
    "kernel tensor memory cache device batch stream layer weight gradient compile graph trace "
    "build have page list order time second measure median sample noise branch merge split shape "
    "stride copy write read queue block thread worker lock signal socket buffer vector matrix "
    "inverse norm value result number table figure column number half double single "
    "mixed precise rough product"
).split()
NAMES = (
    "alpha beta gamma delta value total count index offset width height depth score weight bias "
    "input output state cell node edge path root leaf left right start stop step size rate mean"
).split()


class Post(NamedTuple):
    """A post as every generator is given it; the body is Markdown without front matter."""

    number: int
    title: str
    date: str
    tags: tuple[str, ...]
    category: str
    body: str


def posts(count: int) -> Iterator[Post]:
    """So many posts, the same each time."""
    for number in range(count):
        yield _post(number, random.Random(number))  # noqa: S311


def _post(number: int, chance: random.Random) -> Post:
    day = f"{2000 + number % 25}-{1 + number % 12:02}-{1 + number % 28:02}"
    tags = tuple(f"tag{tag}" for tag in sorted(chance.sample(range(TAGS), 3)))
    title = f"{_words(chance, 4).capitalize()} {number}"
    category = f"category{chance.randrange(CATEGORIES)}"
    return Post(number, title, day, tags, category, _body(number, chance))


def _body(number: int, chance: random.Random) -> str:
    parts = [_paragraph(chance), "<!--more-->"]
    codes = [CODES[number % len(CODES)], CODES[(number // 3 + 1) % len(CODES)]]
    for place in range(4):
        parts.append(f"## {_words(chance, 3).capitalize()} {place}")
        parts.append(_paragraph(chance))
        if place < len(codes):
            language, code = codes[place]
            parts.append(f"```{language}\n{_filled(code, chance)}\n```")
        elif place == 2:
            parts.append("\n".join(f"- {_words(chance, 6)}" for _ in range(4)))
            parts.append(f"### {_words(chance, 2).capitalize()}")
            parts.append(_table(chance))
        else:
            parts.append(
                f"1. {_words(chance, 5)}\n2. {_words(chance, 5)}\n\n> {_words(chance, 12)}"
            )
            parts.append(f"### {_words(chance, 2).capitalize()} at last")
        parts.append(_paragraph(chance))
    return "\n\n".join(parts) + "\n"


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def _paragraph(chance: random.Random) -> str:
    """Three sentences; about one in two has something marked up."""
    return " ".join(_sentence(chance) for _ in range(3))


def _sentence(chance: random.Random) -> str:
    words = chance.choices(WORDS, k=chance.randint(9, 19))
    place = chance.randrange(2, len(words))
    marked = {
        0: f"*{words[place]}*",
        1: f"`{chance.choice(NAMES)}_{chance.randrange(100)}`",
        2: f"[{words[place]}](https://example.com/{chance.choice(NAMES)})",
        3: f"**{words[place]}**",
    }
    words[place] = marked.get(chance.randrange(8), words[place])
    return " ".join(words).capitalize() + "."


def _table(chance: random.Random) -> str:
    rows = [f"| {_words(chance, 1)} | {chance.random():.3f} | {chance.randrange(999)} |"] * 3
    return "\n".join(["| name | share | count |", "|---|--:|--:|", *rows])


def _filled(code: str, chance: random.Random) -> str:
    """The code with its capital letters become names and numbers that are this post's own."""
    words = {letter: f"{chance.choice(NAMES)}{chance.randrange(1000)}" for letter in "ABCDEF"}
    numbers = {letter: str(chance.randrange(10000)) for letter in "XYZ"}
    for letter, word in (words | numbers).items():
        code = code.replace(f"${letter}", word)
    return code


CODES = (
    (
        "python",
        '''import math
from dataclasses import dataclass


@dataclass(frozen=True)
class $A:
    """What $B knows of $C."""

    $B: int = $X
    $C: float = $Y.5

    def $D(self, $E: list[float]) -> float:
        # the sum of squares, but for the first
        total = sum(value**2 for value in $E[1:])
        if total > $Z and self.$B % 2 == 0:
            raise ValueError(f"{total:.2f} is more than {self.$C!r}")
        return math.sqrt(total) * self.$C


def $F($E, *, $B=None):
    found = [$A(n, $X.25) for n in range($Y) if n % 3]
    return {"$F": found, "$D": len(found) or None}''',
    ),
    (
        "rust",
        """use std::collections::HashMap;

/// What $B knows of $C.
#[derive(Debug, Clone)]
pub struct $A {
    $B: u32,
    $C: f64,
}

impl $A {
    pub fn $D(&self, $E: &[f64]) -> Result<f64, String> {
        let total: f64 = $E.iter().skip(1).map(|x| x * x).sum();
        if total > $Z.0 && self.$B % 2 == 0 {
            return Err(format!("{} is more than {:?}", total, self.$C));
        }
        Ok(total.sqrt() * self.$C)
    }
}

fn main() {
    let mut $F: HashMap<String, usize> = HashMap::new();
    for n in 0..$X { $F.insert(format!("$D{}", n), n * $Y); }
}""",
    ),
    (
        "javascript",
        """// what $B knows of $C
import { $A } from "./$B.js";

export class $C extends $A {
  constructor($D = $X) {
    super();
    this.$D = $D;
  }

  async $E(url, { limit = $Y, ...rest } = {}) {
    const reply = await fetch(`${url}?limit=${limit}`);
    if (!reply.ok) throw new Error(`$F: ${reply.status}`);
    const found = (await reply.json()).filter((one) => one.$B > $Z);
    return found.map(({ $B, $C }) => [$B, $C ?? null]);
  }
}""",
    ),
    (
        "go",
        """package $A

import (
	"errors"
	"fmt"
)

// $B is what $C knows.
type $B struct {
	$C int
	$D map[string]float64
}

func (b *$B) $E($F []float64) (float64, error) {
	total := 0.0
	for i, value := range $F {
		if i > 0 && value > $X {
			total += value * value
		}
	}
	if total > $Y.5 {
		return 0, errors.New(fmt.Sprintf("%v is more than %d", total, b.$C))
	}
	return total * $Z, nil
}""",
    ),
    (
        "bash",
        """#!/usr/bin/env bash
set -euo pipefail
$A=${1:-$X}
for $B in $(seq 1 "$$A"); do
  if [[ $$B -gt $Y ]]; then
    echo "$C: $$B" >&2 && exit 1
  fi
  curl -fsS "https://example.com/$D?limit=$Z" | jq -r '.[] | .$E' >> "$F.txt"
done""",
    ),
)
