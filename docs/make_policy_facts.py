"""Writes ``docs/policy-facts.md``: every fact that rules may ask about.

python docs/make_policy_facts.py > docs/policy-facts.md
"""

import sys

from auditor.policy.vocabulary import markdown

sys.stdout.write(markdown())
