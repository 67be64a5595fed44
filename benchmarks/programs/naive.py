"""This command, if it imported everything at its top."""

import argparse
import asyncio
import json
import sys

import numpy
import pydantic
import rich.live
import rich.progress
import rich.table
import structlog
import yaml

import runner.describe.planning
import runner.describe.schema
import runner.jobtypes.shared_counter
import runner.report.console
import runner.report.live
import runner.report.summary
import runner.session
from runner.cli import main

if __name__ == "__main__":
    sys.exit(main())
