//! The screen: a pure picture of the state.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};

use crate::app::{App, Layer, Notice, Question, elsewhere};
use crate::keys::{Action, Binding, Place, Tab, bindings};
use crate::look::Look;
use crate::screens::agenda::Dates;
use crate::screens::comments::Saying;
use crate::screens::{event, mine, organize, row, ticket};
use crate::widgets::field::Field;
use crate::widgets::text::{clean, columns, fit, flow, wrapped};

/// From here on list and detail stand side by side.
pub(crate) const WIDE: u16 = 100;

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) {
    let [head, rule, body, note, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    draw_head(frame, app, head);
    frame.render_widget(Block::new().borders(Borders::TOP).border_style(app.look.theme.muted), rule);
    draw_body(frame, app, body);
    draw_note(frame, app, note);
    draw_foot(frame, app, foot);
}

/// What the head begins with, and the tabs behind it: where there is no room for their names, the keys of those that are not shown.
pub(crate) fn tabs(shown: Tab, width: u16) -> (&'static str, Vec<(Tab, String)>) {
    let whole: Vec<_> = shown.row().into_iter().map(|tab| (tab, format!(" {} ", tab.name()))).collect();
    let name = " eventtui ";
    if columns(name) + whole.iter().map(|(_, text)| columns(text)).sum::<usize>() <= usize::from(width) {
        return (name, whole);
    }
    let short = whole.into_iter().zip(1..).map(|((tab, text), key)| {
        let text = if tab == shown { text } else { format!(" {key} ") };
        (tab, text)
    });
    (" ", short.collect())
}

fn draw_head(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = app.look.theme;
    let (name, tabs) = tabs(app.tab, area.width);
    let mut spans = vec![Span::styled(name, theme.accent)];
    for (tab, text) in tabs {
        let style = if tab == app.tab { theme.selected.patch(theme.accent) } else { theme.muted };
        spans.push(Span::styled(text, style));
    }
    let zone = if app.look.in_mine { app.look.mine.name() } else { "each event's own time" };
    let who = app.me.as_ref().map_or_else(|| "not signed in".to_owned(), |me| clean(&me.username));
    let left: usize = spans.iter().map(Span::width).sum();
    let room = usize::from(area.width).saturating_sub(left + 1);
    // As much of it as there is room for.
    let place = format!("{who}@{}", clean(&app.place));
    let all = [format!("{place} · {zone} "), format!("{place} "), format!("{who} ")];
    if let Some(right) = all.into_iter().find(|right| columns(right) <= room) {
        let room = room - columns(&right) + 1;
        spans.push(Span::raw(" ".repeat(room)));
        spans.push(Span::styled(right, theme.muted));
    }
    frame.render_widget(Line::from(spans), area);
}

fn draw_body(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let look = &app.look;
    match app.layers.last() {
        Some(Layer::Event(looked)) => looked.draw(frame, area, look),
        Some(Layer::Attendees(attendees)) => attendees.draw(frame, area, look),
        Some(Layer::Insights(insights)) => insights.draw(frame, area, look),
        Some(Layer::Comments(comments)) => comments.draw(frame, area, look),
        Some(Layer::Feedback(heard)) => heard.draw(frame, area, look),
        Some(Layer::Form(form)) => form.draw(frame, area, look),
        Some(Layer::Account(account)) => account.draw(frame, area, look),
        Some(Layer::Me(me)) => me.draw(frame, area, (look, app.me.as_deref(), &app.config)),
        Some(Layer::Settings(settings)) => settings.draw(frame, area, look),
        Some(Layer::Ticket(code)) => ticket::draw(frame, area, code, look),
        Some(Layer::Help(help)) => help.draw(frame, area, look),
        Some(Layer::Palette(palette)) => palette.draw(frame, area, look),
        None => draw_tab(frame, app, area),
    }
}

fn draw_tab(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let look = &app.look;
    let signed_in = app.me.is_some();
    match app.tab {
        Tab::Agenda if app.agenda.list.items.is_empty() => {
            empty(frame, app, area, "Nothing ahead. n makes the first event.");
        }
        Tab::Agenda => draw_dates(frame, app, &app.agenda, area),
        Tab::Search => {
            let [words, rest] = Layout::vertical([Constraint::Length(2), Constraint::Min(1)]).areas(area);
            let line = Line::from(vec![
                Span::styled(" / ", look.theme.accent),
                Span::raw(format!("{}▏", clean(&app.search.words.text()))),
            ]);
            frame.render_widget(Paragraph::new(vec![line, app.search.wish(look).chips(look)]), words);
            if app.search.list.items.is_empty() {
                empty(frame, app, rest, "Nothing ahead is like that.");
            } else {
                draw_dates(frame, app, &app.search, rest);
            }
        }
        Tab::Month => app.month.draw(frame, area, look),
        Tab::Week => app.week.draw(frame, area, look),
        Tab::Mine | Tab::Organize if !signed_in => {
            frame.render_widget(Line::raw(" Sign in (A) to see what is yours."), area);
        }
        Tab::Mine if app.mine.items.is_empty() => {
            empty(frame, app, area, "You go nowhere yet: r registers you for a date of the agenda.");
        }
        Tab::Mine => mine::draw(&app.mine, frame, area, look),
        Tab::Organize if app.over.is_some() => draw_over_dates(frame, app, area),
        Tab::Organize if app.organize.items.is_empty() => {
            empty(
                frame,
                app,
                area,
                "You organize nothing that is ahead. n makes an event, b shows what is over.",
            );
        }
        Tab::Organize => organize::draw(&app.organize, frame, area, look),
    }
}

/// The dates that one organized until today.
fn draw_over_dates(frame: &mut Frame<'_>, app: &App, area: Rect) {
    match app.over.as_ref().filter(|over| !over.list.items.is_empty()) {
        Some(over) => draw_dates(frame, app, over, area),
        None => {
            empty(frame, app, area, "You organized nothing until today. b comes back to what is ahead.");
        }
    }
}

/// Nothing is there: because it is loading, because it failed, or because there is nothing.
fn empty(frame: &mut Frame<'_>, app: &App, area: Rect, words: &str) {
    let status = app.tab_status();
    let text = match &status.failure {
        Some(why) => format!(" Nothing could be loaded: {}. R tries again.", clean(why)),
        None if status.since.is_some() || status.is_new() && app.me.is_some() => " …".to_owned(),
        None => format!(" {words}"),
    };
    let lines = flow(Line::raw(text), usize::from(area.width));
    frame.render_widget(Paragraph::new(lines), area);
}

fn draw_dates(frame: &mut Frame<'_>, app: &App, dates: &Dates, area: Rect) {
    let look = &app.look;
    if area.width < WIDE {
        return draw_list(frame, app, dates, area);
    }
    let [list, detail] =
        Layout::horizontal([Constraint::Percentage(60), Constraint::Percentage(40)]).areas(area);
    draw_list(frame, app, dates, list);
    let block = Block::new().borders(Borders::LEFT).border_style(look.theme.muted);
    let lines =
        dates.list.selected().map(|date| event::text(date, None, look, detail.width - 1)).unwrap_or_default();
    frame.render_widget(Paragraph::new(lines).block(block), detail);
}

fn draw_list(frame: &mut Frame<'_>, app: &App, dates: &Dates, area: Rect) {
    let look = &app.look;
    row::draw_days(frame, area, &dates.list, look, |date| {
        let (day, _) = look.local(&date.starts_at, &date.timezone);
        (Some(day), row::date(date, look, None, area.width))
    });
}

/// Turns while something loads.
const SPINNER: [char; 4] = ['◐', '◓', '◑', '◒'];

fn draw_note(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = app.look.theme;
    let status = app.status();
    let line = if let Some(question) = &app.question {
        return draw_question(frame, app, question, area);
    } else if let Some(notice) = &app.notice {
        return draw_over(frame, notice_lines(notice, app, area.width), area);
    } else if status.is_slow(app.now) {
        let turn = usize::try_from(app.now / 100 % 4).unwrap_or(0);
        Line::styled(format!(" {} loading", SPINNER[turn]), theme.muted)
    } else if let (Some(_), None) = (&status.failure, status.loaded_at) {
        Line::styled(format!(" ! Trying again in {} s", app.tries_again_in()), theme.warn)
    } else if let (Some(_), Some(at)) = (&status.failure, status.loaded_at) {
        let old = match app.now.saturating_sub(at) / 1_000 {
            seconds @ ..60 => format!("{seconds} s"),
            seconds => format!("{} min", seconds / 60),
        };
        let words = format!("! What you see is {old} old. Trying again in {} s", app.tries_again_in());
        Line::styled(format!(" {}", fit(&words, usize::from(area.width).saturating_sub(1))), theme.warn)
    } else {
        Line::default()
    };
    frame.render_widget(line, area);
}

fn notice_lines(notice: &Notice, app: &App, width: u16) -> Vec<Line<'static>> {
    let style = match notice.sign {
        '✓' => app.look.theme.good,
        '!' => app.look.theme.warn,
        _ => app.look.theme.bad,
    };
    let text = format!("{} {}", notice.sign, clean(&notice.text));
    let lines = wrapped(&text, usize::from(width).saturating_sub(2));
    lines.into_iter().map(|line| Line::styled(format!(" {line}"), style)).collect()
}

/// Draws lines of which the last stands in a row, over what stands above it.
fn draw_over(frame: &mut Frame<'_>, lines: Vec<Line<'static>>, row: Rect) {
    let rows = u16::try_from(lines.len()).unwrap_or(1).min(row.y + 1);
    let area = Rect { y: row.y + 1 - rows, height: rows, ..row };
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines), area);
}

/// Draws a question whole, over the rows above where it needs more than one; with what is wrong with the answer so far.
fn draw_question(frame: &mut Frame<'_>, app: &App, question: &Question, area: Rect) {
    let theme = app.look.theme;
    let room = usize::from(area.width).saturating_sub(2).max(1);
    let text = ask(question, &app.look);
    let lines: Vec<String> = text.lines().flat_map(|line| wrapped(&clean(line), room)).collect();
    // What is typed is longer than half of the screen: the part around the cursor is seen.
    let most = usize::from(area.y / 2).max(1);
    let cursor = lines.iter().position(|line| line.contains(CURSOR)).unwrap_or(0);
    let above = lines.len().saturating_sub(most).min(cursor);
    let lines = lines.into_iter().skip(above).take(most);
    let lines = lines.map(|line| Line::styled(format!(" {line}"), theme.accent));
    let wrong = app.notice.as_ref().filter(|notice| notice.sign != '✓');
    let wrong = wrong.map(|notice| notice_lines(notice, app, area.width)).unwrap_or_default();
    draw_over(frame, wrong.into_iter().chain(lines).collect(), area);
}

/// The cursor in what is typed.
const CURSOR: char = '▏';

/// What is typed, with the cursor in it.
fn typed(field: &Field) -> String {
    let (all, before) = (field.text(), field.before());
    let after = all.get(before.len()..).unwrap_or_default();
    format!("{before}{CURSOR}{after}")
}

fn ask(question: &Question, look: &Look) -> String {
    match question {
        Question::Party { date, size } => {
            let title = fit(&date.title, 30);
            let title = title.trim_end();
            format!("How many come to {title}? {} ⏎ registers, Esc leaves it", typed(size))
        }
        Question::Day(day) => {
            let meant = match elsewhere::day(day, look) {
                _ if day.is_empty() => "fri, +10, 4 dec, 2027-03-04".to_owned(),
                Some(meant) => format!("→ {} · ⏎ goes there", look.day(meant)),
                None => "! say a day, such as: fri, +10, 4 dec, 2027-03-04".to_owned(),
            };
            format!("Which day? {} {meant}", typed(day))
        }
        Question::Say { what, words } => {
            let then = if matches!(words.saying, Saying::Enlist(_)) { "registers them" } else { "says it" };
            format!("{what}: {} ⏎ {then}", typed(&words.body))
        }
        Question::Sure { words, .. } => {
            let stop = if words.ends_with('?') { "" } else { "." };
            format!("{words}{stop} y does it, any other key leaves it")
        }
    }
}

/// What can be done here, from the table of bindings, as far as there is room.
fn draw_foot(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let place = app.at();
    let leads_back = matches!(
        place,
        Place::Form
            | Place::Account
            | Place::Me
            | Place::Settings
            | Place::Help
            | Place::Palette
            | Place::Ticket
            | Place::Event
            | Place::Attendees
            | Place::Insights
            | Place::Comments
            | Place::Feedback
    );
    // The way to all that has no room here, and the way back, are always told.
    let help = bindings(place).find(|binding| binding.action == Action::Help);
    let help =
        help.and_then(|binding| Some(format!(" {} {} ", binding.keys_in(place).next()?, binding.short)));
    let back = format!("{}{}", help.unwrap_or_default(), if leads_back { " Esc back" } else { "" });
    let room = usize::from(area.width).saturating_sub(columns(&back));
    let mut text = String::new();
    // Where there is little room, nobody needs to be told that one moves by the arrows.
    let moves = area.width >= 60;
    let told = |binding: &&Binding| {
        !binding.short.is_empty()
            && binding.action != Action::Help
            && (moves || binding.action != Action::Down)
    };
    for binding in bindings(place).filter(told) {
        let Some(key) = binding.keys_in(place).next() else { continue };
        let shown = format!(" {key} {} ", binding.short);
        if columns(&text) + columns(&shown) > room {
            break;
        }
        text.push_str(&shown);
    }
    text.push_str(&back);
    frame.render_widget(Line::styled(text, Style::new().patch(app.look.theme.muted)), area);
}
