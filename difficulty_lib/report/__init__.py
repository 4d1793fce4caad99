"""Reports for people."""

from difficulty_lib.report._html import render_report as render_report
from difficulty_lib.report._html import render_table as render_table
